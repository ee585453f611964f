package main

import (
	"fmt"
	"io"
	"os"
)

// goneRows keeps the rows of templates that the miner has given up for others,
// so that a log of nothing but different lines does not fill the memory. They
// lie in a file without a name that ends with the process. The zero value is
// ready.
type goneRows struct {
	file *os.File
	size int64
	err  error  // the first; nothing is kept from then on
	row  []byte // the one read last
}

// goneRow is where a row lies.
type goneRow struct {
	at   int64
	size uint32
}

// keep adds a row.
func (g *goneRows) keep(row []byte) goneRow {
	if g.err == nil && g.file == nil {
		g.file, g.err = os.CreateTemp("", "firebreak-logs-")
		if g.err == nil {
			g.err = os.Remove(g.file.Name())
		}
	}
	if g.err != nil {
		return goneRow{}
	}
	if _, g.err = g.file.WriteAt(row, g.size); g.err != nil {
		return goneRow{}
	}
	kept := goneRow{g.size, uint32(len(row))}
	g.size += int64(len(row))
	return kept
}

// read returns a row, good until the next one is read.
func (g *goneRows) read(r goneRow) ([]byte, error) {
	if g.err != nil {
		return nil, fmt.Errorf("set templates aside: %w", g.err)
	}
	if cap(g.row) < int(r.size) {
		g.row = make([]byte, r.size)
	}
	g.row = g.row[:r.size]
	if _, err := io.ReadFull(io.NewSectionReader(g.file, r.at, int64(r.size)), g.row); err != nil {
		return nil, fmt.Errorf("read templates that were set aside: %w", err)
	}
	return g.row, nil
}

// close gives the file back.
func (g *goneRows) close() error {
	if g.file == nil {
		return nil
	}
	return g.file.Close()
}
