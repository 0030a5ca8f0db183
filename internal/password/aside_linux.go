package password

import (
	"runtime"
	"syscall"
)

// modest is how much lower the priority of a thread that hashes is: it gets about a tenth of what others get who want the
// same processor, and all if nobody does.
const modest = 10

// aside runs a job on a thread of its own, which ends with it, since it can give its priority up and not take it back.
func aside(job func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for good
		_ = syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), modest)
		job()
	}()
	<-done
}
