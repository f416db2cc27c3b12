"""The gate inside a service: the same engine around an ASGI or a WSGI application.

In go a contract folder and the application; out come an application that lets through what the
gateway would, and one event each. Life of a request: incoming (reading) > visit (deciding) >
outgoing (calling the application) > answering (releasing, writing) > visit (recording).
"""
