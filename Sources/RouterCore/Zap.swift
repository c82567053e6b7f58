/// A request of the ZeroMQ Authentication Protocol (RFC 27/ZAP): may this CURVE key connect.
package struct ZapRequest: Equatable, Sendable {
    /// Echoed in the answer.
    package let requestID: [UInt8]
    /// The client's public key, 32 bytes.
    package let key: [UInt8]

    /// Reads the frames after the empty delimiter: version, request id, domain, address, identity, mechanism,
    /// credentials.
    /// - Returns: nil for anything but version 1.0 with mechanism CURVE and a key of 32 bytes.
    package init?(frames: [[UInt8]]) {
        guard frames.count == 7, frames[0] == Array("1.0".utf8), frames[5] == Array("CURVE".utf8),
            frames[6].count == 32, frames[1].count <= 255
        else { return nil }
        requestID = frames[1]
        key = frames[6]
    }
}

/// Verdict over a ZAP request, as the frames of its answer after the delimiter.
package enum ZapVerdict {
    /// Lets the connection in; `userID` becomes its `User-Id`.
    package static func accept(_ request: ZapRequest, userID: [UInt8]) -> [[UInt8]] {
        [Array("1.0".utf8), request.requestID, Array("200".utf8), Array("OK".utf8), userID, []]
    }

    /// Refuses it; the client's monitor shows status 400.
    package static func refuse(requestID: [UInt8], _ text: String) -> [[UInt8]] {
        [Array("1.0".utf8), requestID, Array("400".utf8), Array(text.utf8.prefix(255)), [], []]
    }
}
