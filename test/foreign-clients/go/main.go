// A Go client over TCP: prints a line for each thing that a STOMP client counts on and finds.
package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/go-stomp/stomp/v3"
)

const queue = "/queue/go"

func main() {
	address := "127.0.0.1:" + os.Args[1]
	if _, err := stomp.Dial("tcp", address, stomp.ConnOpt.Login("guest", "wrong")); err == nil {
		fail("a wrong passcode was accepted")
	}
	done("refused")
	conn, err := stomp.Dial("tcp", address,
		stomp.ConnOpt.Login("guest", "guest"),
		stomp.ConnOpt.HeartBeat(3*time.Second, 3*time.Second),
		// With a limit it may miss a receipt that is quicker than its own wait.
		stomp.ConnOpt.UnsubscribeReceiptTimeout(0))
	check(err)
	done("connected " + conn.Version().String())

	sub, err := conn.Subscribe(queue, stomp.AckClientIndividual)
	check(err)
	send(conn, "one")
	done("receipt")
	check(conn.Ack(next(sub, "one")))
	done("ack")
	send(conn, "two")
	check(conn.Nack(next(sub, "two")))
	again := next(sub, "two")
	if again.Header.Get("redelivered") != "true" {
		fail("the rejected message was redelivered without a mark")
	}
	check(conn.Ack(again))
	done("nack")

	tx := conn.Begin()
	check(tx.Send(queue, "text/plain", []byte("never")))
	check(tx.Abort())
	tx = conn.Begin()
	check(tx.Send(queue, "text/plain", []byte("first")))
	check(tx.Send(queue, "text/plain", []byte("second")))
	check(tx.Commit())
	check(conn.Ack(next(sub, "first")))
	check(conn.Ack(next(sub, "second")))
	done("transaction")

	// Longer than twice the heart-beat interval, after which the server or the client would close a silent connection.
	time.Sleep(7500 * time.Millisecond)
	large := strings.Repeat("x", 1024*1024)
	send(conn, large)
	done("heart-beats")
	check(conn.Ack(next(sub, large)))
	done("a body of 1 MiB")
	check(sub.Unsubscribe())
	check(conn.Disconnect())
	done("disconnected")
}

func send(conn *stomp.Conn, body string) {
	check(conn.Send(queue, "text/plain", []byte(body), stomp.SendOpt.Receipt))
}

func next(sub *stomp.Subscription, body string) *stomp.Message {
	select {
	case message := <-sub.C:
		check(message.Err)
		if string(message.Body) != body {
			fail(fmt.Sprintf("%.40q came where %.40q was expected", message.Body, body))
		}
		return message
	case <-time.After(15 * time.Second):
		fail(fmt.Sprintf("%.40q did not come", body))
		return nil
	}
}

func done(what string) {
	fmt.Println(what)
}

func check(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}
