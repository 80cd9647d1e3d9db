// A Pub/Sub emulator that speaks JSON: Google's own pstest server, behind Vanguard, which reads the JSON interface out of the
// annotations in Google's own service definition. Prints its address.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"connectrpc.com/vanguard/vanguardgrpc"
	"google.golang.org/grpc"
)

func main() {
	emulator := pstest.NewServer()
	services := grpc.NewServer()
	pubsubpb.RegisterPublisherServer(services, &emulator.GServer)
	pubsubpb.RegisterSubscriberServer(services, &emulator.GServer)
	handler, err := vanguardgrpc.NewTranscoder(services)
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, handler))
}
