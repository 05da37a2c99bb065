package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 1:
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
		<-stop
	case os.Args[1] == "serve":
		err = http.ListenAndServe(os.Args[2], http.HandlerFunc(answer))
	case os.Args[1] == "get":
		err = get(os.Args[2], os.Args[3])
	case os.Args[1] == "cat":
		var text []byte
		text, err = os.ReadFile(os.Args[2])
		os.Stdout.Write(text)
	case os.Args[1] == "burn":
		for {
		}
	default:
		err = fmt.Errorf("unknown command: %s", os.Args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func answer(writer http.ResponseWriter, request *http.Request) {
	name, _ := os.Hostname()
	fmt.Fprintf(writer, "%s to %s\n", name, request.RemoteAddr)
}

func get(url string, wait string) error {
	timeout, err := time.ParseDuration(wait)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: timeout}
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(os.Stdout, response.Body)
	return err
}
