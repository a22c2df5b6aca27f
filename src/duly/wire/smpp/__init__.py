"""SMPP 3.4 without sockets: bytes in, events out, and the other way round.

`pdu` holds what is said, `codec` turns it into bytes and back, `status` what a refusal means, `receipt` what
a carrier writes about a message, and `session` who may say what when. Nothing here opens a connection, reads
a clock or waits.

Source: SMPP Protocol Specification v3.4, issue 1.2, of 12 October 1999; sections are quoted by number.
"""
