internal import CZeroMQ

/// A failed libzmq call: which one, its error number and libzmq's text.
package struct ZeroMQError: Error, Sendable, CustomStringConvertible {
    package let call: StaticString
    /// `errno` right after the call.
    package let code: Int32

    /// Takes `errno` of the call that has just failed.
    init(_ call: StaticString) {
        self.call = call
        self.code = zmq_errno()
    }

    package var description: String {
        "\(call): \(String(cString: zmq_strerror(code))) (\(code))"
    }

    /// The address is taken by another process.
    package var isAddressInUse: Bool { code == EADDRINUSE }
    /// The context was ended under the call.
    package var isTerminated: Bool { code == spacenode_eterm }
}

/// Runs a libzmq call again while a signal interrupts it, and turns −1 into an error.
@discardableResult
@inline(__always)
func check(_ name: StaticString, _ call: () -> Int32) throws(ZeroMQError) -> Int32 {
    while true {
        let result = call()
        if result != -1 { return result }
        if zmq_errno() != EINTR { throw ZeroMQError(name) }
    }
}
