//go:build race

package template

// fewer is by how much the race detector cuts long tests, which it makes ten
// times as long.
const fewer = 8
