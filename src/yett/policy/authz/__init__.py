"""Authorization of a contract: its Cedar schema, generated rules, and where each rule is checked.

From the contract's operations and Cedar texts come one `Guard` per operation: the compiled slice,
how the record's id and attributes are found, and the place of the check (before forwarding, in the
body, by reading before writing, on the response). Pure; asks and reads nothing at run time.
"""
