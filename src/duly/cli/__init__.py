"""The command line: a door to `app`, with no rules behind it.

It turns words into calls, and answers into tables, JSON and exit codes (0 done, 1 the user's files have
problems, 2 wrong usage, 3 the world failed, 4 something was held that may not be).
"""
