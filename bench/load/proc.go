package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// ticks is how many units of /proc's processor times make a second; Linux shows programs 100 on every machine.
const ticks = 100

// groupCPU returns the processor time that the living processes of a process group have used, with that of their
// ended children.
func groupCPU(group int) (time.Duration, error) {
	var sum int
	err := eachOf(group, func(pid string, used int) error {
		sum += used
		return nil
	})
	return time.Duration(sum) * time.Second / ticks, err
}

// groupMemory returns what the processes of a process group have in memory, in KiB.
func groupMemory(group int) (kib int, err error) {
	err = eachOf(group, func(pid string, _ int) error {
		status, err := os.ReadFile("/proc/" + pid + "/status")
		if err != nil {
			return err
		}
		_, rest, _ := strings.Cut(string(status), "\nVmRSS:")
		n, err := strconv.Atoi(strings.Fields(rest + " 0")[0])
		kib += n
		return err
	})
	return kib, err
}

// eachOf visits the processes of a group with the ticks that each has used. Group 0 has none.
func eachOf(group int, visit func(pid string, used int) error) error {
	if group == 0 {
		return nil
	}
	names, err := os.ReadDir("/proc")
	if err != nil {
		return err
	}
	found := 0
	for _, n := range names {
		if _, err := strconv.Atoi(n.Name()); err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + n.Name() + "/stat")
		if err != nil {
			continue // it ended meanwhile
		}
		pgrp, used, err := parseStat(string(stat))
		if err != nil {
			return err
		}
		if pgrp != group {
			continue
		}
		if found++; visit(n.Name(), used) != nil {
			continue // so did this
		}
	}
	if found == 0 {
		return fmt.Errorf("process group %d is empty", group)
	}
	return nil
}

// parseStat reads the process group and the ticks used out of a line of /proc/PID/stat (proc(5)).
func parseStat(line string) (group, used int, err error) {
	// The command's name stands in parentheses and may hold anything.
	i := strings.LastIndexByte(line, ')')
	f := strings.Fields(line[i+1:])
	if i < 0 || len(f) < 15 {
		return 0, 0, errors.New("short line in /proc/PID/stat")
	}
	if group, err = strconv.Atoi(f[2]); err != nil {
		return 0, 0, err
	}
	for _, s := range f[11:15] { // utime, stime, cutime, cstime
		n, err := strconv.Atoi(s)
		if err != nil {
			return 0, 0, err
		}
		used += n
	}
	return group, used, nil
}
