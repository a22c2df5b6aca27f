"""The user's project folder: find it, read every file, and say all that is wrong with it at once.

Reading decides nothing and sends nothing; what is wrong is returned as `Problem` values with their place.
"""
