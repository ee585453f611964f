//go:build !race

package template

const fewer = 1
