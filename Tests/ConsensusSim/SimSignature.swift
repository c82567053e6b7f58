internal import NodeDomain

/// Signatures of the simulator: nobody has anything but its own key to make them with, so a hash will do.
enum SimSignature {
    static func key(_ place: Int) -> Bytes32 { Bytes32(0x5151, 0, 0, UInt64(place) + 1) }

    static func sign(_ message: [UInt8], _ key: Bytes32) -> [UInt8] {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ key.word3 &* 0x9e37_79b9_7f4a_7c15
        for byte in message { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash ^= hash >> 29
        let bytes = withUnsafeBytes(of: hash) { Array($0) }
        return bytes + [UInt8](repeating: UInt8(truncatingIfNeeded: key.word3), count: 56)
    }

    static func check(_ signature: [UInt8], _ message: [UInt8], _ key: Bytes32) -> Bool {
        signature == sign(message, key)
    }
}
