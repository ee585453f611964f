package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxLine bounds one line of a recording: a record of 10 MiB in base64.
const maxLine = 16 << 20

// tellEvery is how many lines pass between two looks at the progress.
const tellEvery = 1_000

// eachLine hands every line that is not blank to take, with its number counted
// from 1. One that is longer than maxLine is skipped and comes as an error, so
// that it does not cost the rest of the file. The bytes are good until take
// returns. tell is called now and then.
func eachLine(in io.Reader, tell func(), take func(n int, line []byte, err error)) error {
	r := bufio.NewReaderSize(in, 256<<10)
	var long []byte // the beginning of a line that is longer than the reader's buffer
	for n := 1; ; n++ {
		if n%tellEvery == 1 {
			tell()
		}
		part, err := r.ReadSlice('\n')
		size := len(part)
		for long = long[:0]; errors.Is(err, bufio.ErrBufferFull); size += len(part) {
			if size <= maxLine {
				long = append(long, part...)
			}
			part, err = r.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		line := part
		if len(long) > 0 {
			long = append(long, part...)
			line = long
		}
		switch line = bytes.TrimSpace(line); {
		case size > maxLine:
			take(n, nil, fmt.Errorf("the line has %d bytes, at most %d are read", size, maxLine))
		case len(line) > 0:
			take(n, line, nil)
		}
		if err != nil { // only the end of the file comes this far
			return nil //nolint:nilerr // the end is no error
		}
	}
}
