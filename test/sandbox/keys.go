package main

import (
	"context"
	"errors"
	"os"
	"sync"

	"golang.org/x/term"
)

// errCtrlC is why the run ends when Ctrl-C came as a key rather than as a signal.
var errCtrlC = errors.New("interrupted with Ctrl-C")

// ctrlC is what the key sends while the terminal hands on every key.
const ctrlC = 3

// keys reads answers from the terminal: a for yes, r for no.
type keys struct {
	answers <-chan bool // nil where there is no terminal
	cancel  context.CancelCauseFunc
	restore func()
}

// watchKeys reads keys where standard input and output are a terminal and a
// person is to answer. The context that it returns ends when Ctrl-C is pressed,
// which then is a key like any other.
func watchKeys(ctx context.Context, screen *screen, wanted bool) (context.Context, *keys) {
	ctx, cancel := context.WithCancelCause(ctx)
	k := &keys{cancel: cancel, restore: func() {}}
	in := int(os.Stdin.Fd())
	if !wanted || !term.IsTerminal(in) || !term.IsTerminal(int(os.Stdout.Fd())) {
		return ctx, k
	}
	old, err := term.MakeRaw(in)
	if err != nil {
		return ctx, k
	}
	screen.setRaw(true)
	var once sync.Once
	k.restore = func() {
		once.Do(func() {
			screen.setRaw(false)
			_ = term.Restore(in, old)
		})
	}
	answers := make(chan bool, 1)
	k.answers = answers
	go k.read(answers)
	return ctx, k
}

// close gives the terminal back as it was.
func (k *keys) close() {
	k.restore()
	k.cancel(nil)
}

func (k *keys) read(answers chan<- bool) {
	buffer := make([]byte, 1)
	for {
		if n, err := os.Stdin.Read(buffer); err != nil || n == 0 {
			return
		}
		switch buffer[0] {
		case 'a', 'A':
			offer(answers, true)
		case 'r', 'R':
			offer(answers, false)
		case ctrlC:
			k.cancel(errCtrlC)
		}
	}
}

// offer hands an answer over unless one is on its way.
func offer(answers chan<- bool, yes bool) {
	select {
	case answers <- yes:
	default:
	}
}
