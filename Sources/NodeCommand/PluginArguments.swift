package import ArgumentParser

/// What the command line of every plugin takes for the bus; the SDK reads these words itself, so that they mean the same everywhere.
package struct BusArguments: ParsableArguments {
    @Option(help: "Router: ipc:DIR or tcp://HOST:PORT (default: SPACENODE_BUS).") package var bus: String?
    @Option(help: "Instance name.") package var name: String?
    @Option(help: "File with the token, on ipc (default: DIR/tokens/ROLE).") package var token: String?
    @Option(help: "File with this machine's secret key, on tcp.") package var key: String?
    @Option(help: "The router's public key, on tcp.") package var serverKey: String?

    package init() {}
}
