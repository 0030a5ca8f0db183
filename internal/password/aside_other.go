//go:build !linux

package password

func aside(job func()) { job() }
