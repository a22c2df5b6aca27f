"""What a person can do, one function each; every one takes an `Actor`, and the doors hold no rules."""
