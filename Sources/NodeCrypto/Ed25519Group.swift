internal import CSodium

/// Points and scalars of edwards25519, each as 32 bytes, least significant first.
enum Ed25519Group {
    /// ℓ = 2²⁵² + 27742317777372353535851937790883648493, least significant byte first.
    static let order: [UInt8] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ]
    static let identity: [UInt8] = [1] + [UInt8](repeating: 0, count: 31)

    static func isBelowOrder(_ scalar: [UInt8]) -> Bool {
        for place in (0..<32).reversed() where scalar[place] != order[place] {
            return scalar[place] < order[place]
        }
        return false
    }

    /// Nil when the bytes are no point.
    static func difference(_ left: [UInt8], _ right: [UInt8]) -> [UInt8]? {
        var result = [UInt8](repeating: 0, count: 32)
        return crypto_core_ed25519_sub(&result, left, right) == 0 ? result : nil
    }

    /// Nil when the bytes are no point.
    static func sum(_ left: [UInt8], _ right: [UInt8]) -> [UInt8]? {
        var result = [UInt8](repeating: 0, count: 32)
        return crypto_core_ed25519_add(&result, left, right) == 0 ? result : nil
    }

    static func timesEight(_ point: [UInt8]) -> [UInt8]? {
        sum(point, point).flatMap { sum($0, $0) }.flatMap { sum($0, $0) }
    }

    static func eightfold(_ scalar: [UInt8]) -> [UInt8] {
        var result = scalar
        for _ in 0..<3 {
            var double = [UInt8](repeating: 0, count: 32)
            crypto_core_ed25519_scalar_add(&double, result, result)
            result = double
        }
        return result
    }

    /// A multiple of a point of prime order or of the identity; libsodium has no word for the identity.
    static func product(_ scalar: [UInt8], _ point: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: 32)
        return crypto_scalarmult_ed25519_noclamp(&result, scalar, point) == 0 ? result : identity
    }

    static func baseProduct(_ scalar: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: 32)
        return crypto_scalarmult_ed25519_base_noclamp(&result, scalar) == 0 ? result : identity
    }
}
