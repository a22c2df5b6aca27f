"""The words of the trade. Pure, standard library only; every other package may import them."""
