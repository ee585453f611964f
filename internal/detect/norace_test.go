//go:build !race

package detect_test

const fewer = 1
