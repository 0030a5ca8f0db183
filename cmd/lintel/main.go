// Lintel is an OpenStack Identity service in one binary.
package main

func main() {}
