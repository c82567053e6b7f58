internal import BusWire
internal import NodeBus

/// One frame on its way.
struct FrameInFlight {
    let lane: BusLane
    let bytes: [UInt8]
}

/// A plugin's sockets in memory.
final class MemoryLink: BusLink {
    /// Frames that the router has not read yet.
    var toRouter: [FrameInFlight] = []
    var isConnected = false

    func send(_ header: FrameHeader, topicKey: [UInt8], payload: UnsafeRawBufferPointer, lane: BusLane)
        -> Int?
    {
        guard isConnected else { return nil }
        let bytes = header.frame(topicKey: topicKey, payload: [UInt8](payload))
        toRouter.append(FrameInFlight(lane: lane, bytes: bytes))
        return bytes.count
    }
}
