"""The tree equals RFC 6962's definition, and its proofs hold exactly where they should."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.evidence import proof, tree
from tests.evidence import reference

LEAVES = [bytes([number]) * (number % 5) for number in range(70)]
HASHES = [tree.leaf_hash(leaf) for leaf in LEAVES]
TREE = tree.Memory(HASHES)

# The leaves and roots of the test vectors that Certificate Transparency's implementations share.
CT_LEAVES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize(("size", "root"), list(enumerate(CT_ROOTS, start=1)))
def test_the_roots_of_certificate_transparency(size: int, root: str) -> None:
    """The shared vectors of RFC 6962's implementations."""
    grown = tree.Memory(tree.leaf_hash(bytes.fromhex(leaf)) for leaf in CT_LEAVES[:size])

    assert grown.root().hex() == root


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    """RFC 6962 2.1."""
    assert tree.Memory().root() == reference.mth([]) == tree.EMPTY_ROOT


@pytest.mark.parametrize("size", range(len(LEAVES) + 1))
def test_roots_and_inclusion_proofs_are_those_of_the_definition(size: int) -> None:
    """For every leaf of every small tree, also read from a larger one; and each proof holds for its leaf
    only.
    """
    root = reference.mth(LEAVES[:size])

    assert TREE.root(size) == root
    assert proof.tree_root(b"".join(HASHES[:size])) == root
    for index in range(size):
        path = tree.inclusion(index, size, TREE.subtree)
        assert path == reference.path(index, LEAVES[:size])
        assert tree.inclusion_holds(index, size, HASHES[index], path, root)
        assert not tree.inclusion_holds(index, size, tree.leaf_hash(b"other"), path, root)
        assert not tree.inclusion_holds(index, size, HASHES[index], [*path, bytes(32)], root)
        assert not tree.inclusion_holds(index + 1, size, HASHES[index], path, root)
        if path:
            assert not tree.inclusion_holds(index, size, HASHES[index], path[:-1], root)


@pytest.mark.parametrize("new", range(len(LEAVES) + 1))
def test_consistency_proofs_are_those_of_the_definition(new: int) -> None:
    """From every smaller tree to every larger one; and each holds for its two roots only."""
    root = reference.mth(LEAVES[:new])
    for old in range(new + 1):
        before = reference.mth(LEAVES[:old])
        path = tree.consistency(old, new, TREE.subtree)
        assert path == ([] if old == 0 else reference.proof(old, LEAVES[:new]))
        assert tree.consistency_holds(old, new, before, root, path)
        assert not tree.consistency_holds(old, new, before, root, [*path, bytes(32)])
        assert not tree.consistency_holds(old, new, bytes(32), root, path)
        if old:
            assert not tree.consistency_holds(old, new, before, bytes(32), path)
        if path:
            assert not tree.consistency_holds(old, new, before, root, path[:-1])
            assert (
                not tree.consistency_holds(old, new, before, root, [path[-1], *path[:-1]]) or len(path) == 1
            )
    assert not tree.consistency_holds(new + 1, new, root, root, [])


@given(st.data())
def test_a_changed_proof_never_holds(data: st.DataObject) -> None:
    """Any bit of a proof, of the leaf or of the root turned over refuses it."""
    size = data.draw(st.integers(2, len(LEAVES)))
    index = data.draw(st.integers(0, size - 1))
    path = tree.inclusion(index, size, TREE.subtree)
    parts = [HASHES[index], TREE.root(size), *path]
    which = data.draw(st.integers(0, len(parts) - 1))
    bit = data.draw(st.integers(0, 255))
    parts[which] = (int.from_bytes(parts[which], "big") ^ 1 << bit).to_bytes(32, "big")

    assert not tree.inclusion_holds(index, size, parts[0], parts[2:], parts[1])


def test_what_the_tree_does_not_have_is_not_guessed() -> None:
    """A leaf beyond the tree, an earlier state that is larger, a subtree that is not whole yet."""
    with pytest.raises(IndexError, match="leaf 70 is not in a tree of 70"):
        tree.inclusion(70, 70, TREE.subtree)
    with pytest.raises(IndexError, match="leaf -1 is not in a tree of 70"):
        tree.inclusion(-1, 70, TREE.subtree)
    with pytest.raises(IndexError, match="no earlier state of 71"):
        tree.consistency(71, 70, TREE.subtree)
    with pytest.raises(IndexError, match="no subtree 1 at level 6"):
        TREE.subtree(6, 1)
    with pytest.raises(IndexError, match="no subtree -1 at level 0"):
        TREE.subtree(0, -1)
    assert TREE.subtree(6, 0) == reference.mth(LEAVES[:64])


def test_a_leaf_can_never_pass_for_a_node() -> None:
    """RFC 6962 2.1: the two are hashed apart, or a forger could show two hashes as a leaf."""
    left, right = HASHES[:2]

    assert tree.leaf_hash(left + right) != tree.node_hash(left, right)
