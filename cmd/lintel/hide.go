package main

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// hide stops a terminal from showing what is typed, until show is called. It tells whether in is a terminal.
func hide(in io.Reader) (show func(), terminal bool) {
	f, ok := in.(*os.File)
	if !ok {
		return nil, false
	}
	fd := int(f.Fd())
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, false
	}
	quiet := *before
	quiet.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &quiet); err != nil {
		return nil, false
	}
	return func() { _ = unix.IoctlSetTermios(fd, unix.TCSETS, before) }, true
}
