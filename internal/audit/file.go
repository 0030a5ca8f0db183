package audit

import (
	"context"
	"errors"
	"log/slog"
	"os"
)

// File appends each message as a line of JSON. A file that was renamed away, as logrotate does, is left alone and a new
// one made.
type File struct {
	Path string

	file *os.File
}

// Deliver is done when the lines are on the disk.
func (f *File) Deliver(_ context.Context, messages []Message) (int, error) {
	if err := f.open(); err != nil {
		return 0, err
	}
	var lines []byte
	for _, m := range messages {
		lines = append(append(lines, m.Encode()...), '\n')
	}
	if _, err := f.file.Write(lines); err != nil {
		return 0, errors.Join(err, f.Close())
	}
	if err := f.file.Sync(); err != nil {
		return 0, errors.Join(err, f.Close())
	}
	return len(messages), nil
}

// open opens the file that the path names now. A line that was cut off, when the disk was full, is ended.
func (f *File) open() error {
	if f.file != nil {
		have, err := f.file.Stat()
		there, err2 := os.Stat(f.Path)
		if err == nil && err2 == nil && os.SameFile(have, there) {
			return nil
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	file, err := os.OpenFile(f.Path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o640)
	if err != nil {
		return err
	}
	f.file = file
	info, err := file.Stat()
	if err != nil || info.Size() == 0 || !info.Mode().IsRegular() {
		return err
	}
	last := make([]byte, 1)
	if _, err := file.ReadAt(last, info.Size()-1); err != nil || last[0] == '\n' {
		return err
	}
	_, err = file.Write([]byte{'\n'})
	return err
}

// Close closes the file; Deliver opens it again.
func (f *File) Close() error {
	if f.file == nil {
		return nil
	}
	file := f.file
	f.file = nil
	return file.Close()
}

// Log writes messages to the server's log (the driver "log" of oslo.messaging).
type Log struct{ *slog.Logger }

// Deliver never fails.
func (l Log) Deliver(ctx context.Context, messages []Message) (int, error) {
	for _, m := range messages {
		l.LogAttrs(ctx, slog.LevelInfo, "oslo.messaging.notification."+m.EventType, slog.String("notification", string(m.Encode())))
	}
	return len(messages), nil
}

// Close does nothing.
func (l Log) Close() error { return nil }
