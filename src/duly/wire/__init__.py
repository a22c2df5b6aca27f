"""Protocols as bytes and events: no sockets, no clocks, nothing of ours but `errors`."""
