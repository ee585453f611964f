//go:build !race

package logtraffic_test

const fewer, shorter = 1, 1
