package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"strconv"
	"strings"
	"time"
)

// A wire is one connection that sends requests which were written beforehand, and reads no more of an answer than it must:
// the machine is the servers', not the client's.
type wire struct {
	address string
	conn    net.Conn
	in      *bufio.Reader
}

// patience is how long an answer may take. A Keystone without a cache needs seconds for a catalog of 500 endpoints.
const patience = 5 * time.Minute

// ask sends a request and returns the status of the answer. A server that ends the connection after each answer, as
// Keystone's does, gets a new one.
func (w *wire) ask(request []byte) (status int, err error) {
	if w.conn == nil {
		if w.conn, err = net.DialTimeout("tcp", w.address, patience); err != nil {
			return 0, err
		}
		w.in = bufio.NewReaderSize(w.conn, 64<<10)
	}
	if err := w.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	if _, err = w.conn.Write(request); err != nil {
		return 0, err
	}
	status, last, err := w.answer()
	if err != nil || last {
		w.close()
	}
	return status, err
}

func (w *wire) close() {
	if w.conn != nil {
		w.conn.Close()
		w.conn = nil
	}
}

// answer reads an answer and tells whether it is the connection's last.
func (w *wire) answer() (status int, last bool, err error) {
	line, err := w.in.ReadSlice('\n')
	if err != nil {
		return 0, true, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return 0, true, fmt.Errorf("not an answer: %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, true, err
	}
	length, chunked := int64(-1), false
	if status == 204 {
		length = 0
	}
	for {
		if line, err = w.in.ReadSlice('\n'); err != nil {
			return 0, true, err
		}
		name, value, found := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(":"))
		if !found {
			break
		}
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			length, err = strconv.ParseInt(string(value), 10, 64)
		case bytes.EqualFold(name, []byte("Connection")):
			last = bytes.EqualFold(value, []byte("close"))
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
		if err != nil {
			return 0, true, err
		}
	}
	if chunked {
		if _, err = io.Copy(io.Discard, httputil.NewChunkedReader(w.in)); err == nil {
			_, err = w.in.ReadSlice('\n') // no trailers are sent
		}
		return status, last, err
	}
	if length < 0 {
		return 0, true, errors.New("an answer of unknown length")
	}
	_, err = io.CopyN(io.Discard, w.in, length)
	return status, last, err
}

// written is a request as it goes over a wire. header are pairs of name and value.
func written(method, path string, body any, header ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: bench\r\n", method, path)
	for ; len(header) > 1; header = header[2:] {
		fmt.Fprintf(&b, "%s: %s\r\n", header[0], header[1])
	}
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			panic(err) // bodies are written here
		}
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(data), data)
		return b.Bytes()
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// host is the address in a base URL.
func host(base string) string { return strings.TrimPrefix(base, "http://") }
