"""The only code that speaks to carriers: one module each, one contract (`channels.base`).

A channel translates. It decides nothing, writes only bytes the gate released, and never sends anything again
by itself: what it cannot know it calls `Unsure`.
"""
