"""The simulated carrier and its debtors: real SMPP on loopback, for tests, demos and drills.

It speaks the protocol as a carrier does, with the faults that carriers have, drawn from a seed so that a run
can be repeated. It knows nothing of loans, and refuses to listen anywhere but on this machine.
"""
