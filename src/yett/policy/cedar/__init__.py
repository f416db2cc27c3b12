"""Cedar: text and schema in, one compiled function per action out.

`cedarpy` (the Rust engine) parses, validates and is the oracle; what a request pays for is Python
that is compiled from its syntax tree. Pure: no file is read here, no contract is known here.
Stricter than Cedar in one place: an error in an evaluated `forbid` denies. Cedar 4.12.
"""
