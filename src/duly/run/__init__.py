"""The only place that reads the clock: the day, the gate, the outbox, the inbox, and what keeps them honest.

Everything here is a transaction around a pure decision that is made below.
"""
