//go:build race

package logtraffic_test

// fewer and shorter are by how much the race detector cuts seeds and days, which
// it makes ten times as long: an engine has no goroutine.
const fewer, shorter = 2, 5
