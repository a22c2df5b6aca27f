"""What exactly do we say? Templates, the words that are forbidden, what a reply means. Pure."""
