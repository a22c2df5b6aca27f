// A stranger's check of a duly log: Go's own sumdb note and tlog packages, and nothing of duly.
//
//	check LOG OLD_CHECKPOINT OUR_PROOFS
//
// verifies the signature of LOG/checkpoint and of OLD_CHECKPOINT with LOG/log.vkey, reads every entry through
// the tiles (which the package checks against the signed root), hashes it again, and checks the proofs that duly
// made: inclusion of each entry, and consistency of the two trees.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const width = 256

type proofs struct {
	Inclusion   [][]string
	Consistency []string
}

func fail(what string, err error) {
	fmt.Println("REFUSED", what+":", err)
	os.Exit(1)
}

func read(path string) []byte {
	raw, err := os.ReadFile(path)
	if err != nil {
		fail(path, err)
	}
	return raw
}

func hash(text string) (h tlog.Hash) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != len(h) {
		fail("hash", fmt.Errorf("%q is not one", text))
	}
	copy(h[:], raw)
	return h
}

func hashes(texts []string) (all []tlog.Hash) {
	for _, text := range texts {
		all = append(all, hash(text))
	}
	return all
}

// The checkpoint's tree, if the key signed it.
func tree(path, vkey string) tlog.Tree {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		fail("key", err)
	}
	signed, err := note.Open(read(path), note.VerifierList(verifier))
	if err != nil {
		fail(path, err)
	}
	lines := strings.Split(signed.Text, "\n")
	if lines[0] != verifier.Name() {
		fail(path, fmt.Errorf("it is of the log %q", lines[0]))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		fail(path, err)
	}
	return tlog.Tree{N: size, Hash: hash(lines[2])}
}

// c2sp.org/tlog-tiles writes tile numbers as Go's module proxy does.
func number(n int64) string {
	text := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		text = fmt.Sprintf("x%03d/%s", n%1000, text)
	}
	return text
}

// The tiles of a log directory, as the package asks for them.
type reader struct{ root string }

func (r reader) Height() int { return 8 }

func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		full := filepath.Join(r.root, "tile", strconv.Itoa(tile.L), number(tile.N))
		raw, err := os.ReadFile(full)
		if tile.W < width {
			if part, missing := os.ReadFile(full + ".p/" + strconv.Itoa(tile.W)); missing == nil {
				raw, err = part, nil
			}
		}
		if err != nil {
			return nil, err
		}
		if len(raw) < tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s is short", full)
		}
		all = append(all, raw[:tile.W*tlog.HashSize])
	}
	return all, nil
}

func (r reader) SaveTiles([]tlog.Tile, [][]byte) {}

// Every entry of the log, from its bundles.
func entries(root string, size int64) (all [][]byte) {
	for start := int64(0); start < size; start += width {
		path := filepath.Join(root, "tile", "entries", number(start/width))
		if size-start < width {
			path += ".p/" + strconv.FormatInt(size-start, 10)
		}
		for raw := read(path); len(raw) > 0; {
			length := int(binary.BigEndian.Uint16(raw))
			all = append(all, raw[2:2+length])
			raw = raw[2+length:]
		}
	}
	if int64(len(all)) != size {
		fail("entries", fmt.Errorf("%d of %d", len(all), size))
	}
	return all
}

func main() {
	root := os.Args[1]
	vkey := string(read(filepath.Join(root, "log.vkey")))
	head := tree(filepath.Join(root, "checkpoint"), vkey)
	old := tree(os.Args[2], vkey)
	var ours proofs
	if err := json.Unmarshal(read(os.Args[3]), &ours); err != nil {
		fail("proofs", err)
	}
	checked := tlog.TileHashReader(head, reader{root})
	for index, entry := range entries(root, head.N) {
		want := tlog.RecordHash(entry)
		found, err := checked.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(index))})
		if err != nil {
			fail("tiles", err)
		}
		if found[0] != want {
			fail("tiles", fmt.Errorf("entry %d does not hash to its tile", index))
		}
		proof := tlog.RecordProof(hashes(ours.Inclusion[index]))
		if err := tlog.CheckRecord(proof, head.N, head.Hash, int64(index), want); err != nil {
			fail(fmt.Sprintf("inclusion of %d", index), err)
		}
		theirs, err := tlog.ProveRecord(head.N, int64(index), checked)
		if err != nil || len(theirs) != len(proof) {
			fail("their proof", fmt.Errorf("differs for %d: %v", index, err))
		}
	}
	if err := tlog.CheckTree(hashes(ours.Consistency), head.N, head.Hash, old.N, old.Hash); err != nil {
		fail("consistency", err)
	}
	fmt.Println("VERIFIED", head.N, "entries,", old.N, "before")
}
