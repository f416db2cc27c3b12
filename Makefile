# A face only: dev.py is the real thing and needs nothing but Python 3.11.
.PHONY: demo test check fix bench docs help
demo test check fix bench docs:
	python3 dev.py $@ $(ARGS)
help:
	python3 dev.py --help
