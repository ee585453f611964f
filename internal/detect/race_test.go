//go:build race

package detect_test

// fewer is by how much the race detector cuts the seeds of long tests, which it
// makes ten times as long: races do not hide in the statistics of many seeds.
const fewer = 4
