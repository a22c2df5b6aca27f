"""PostgreSQL: the server of our own, connections, named statements, migrations.

Knows the words of the trade and nothing of what is done with them: what a statement means is its caller's
affair.
"""
