"""Messages for executors: each handed to one at a time, after one more look at what may have changed."""
