// A schema registry in memory that has GUIDs: franz-go's fake, on a free port that it prints.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"

	"github.com/twmb/franz-go/pkg/sr/srfake"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, srfake.NewRegistry().Handler()))
}
