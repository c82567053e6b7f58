internal import CSodium

/// Sealed bytes: ChaCha20-Poly1305 of RFC 8439.
package enum ChaChaPoly {
    /// Bytes of a key.
    package static let keyBytes = 32
    /// Bytes of a nonce.
    package static let nonceBytes = 12
    /// Bytes that sealing adds.
    package static let tagBytes = 16

    /// Seals bytes; a nonce may be used once with a key.
    ///
    /// - Parameter label: bytes in clear that belong to them.
    /// - Returns: as many bytes, and the tag; nil when key or nonce have another length.
    package static func seal(
        _ bytes: [UInt8], key: [UInt8], nonce: [UInt8], label: [UInt8] = []
    ) -> [UInt8]? {
        guard key.count == keyBytes, nonce.count == nonceBytes else { return nil }
        var sealed = [UInt8](repeating: 0, count: bytes.count + tagBytes)
        let status = crypto_aead_chacha20poly1305_ietf_encrypt(
            &sealed, nil, bytes, UInt64(bytes.count), label, UInt64(label.count), nil, nonce, key)
        return status == 0 ? sealed : nil
    }

    /// Opens what `seal` made; nil when anything of it is not as it was.
    package static func open(
        _ sealed: [UInt8], key: [UInt8], nonce: [UInt8], label: [UInt8] = []
    ) -> [UInt8]? {
        guard key.count == keyBytes, nonce.count == nonceBytes, sealed.count >= tagBytes else { return nil }
        var bytes = [UInt8](repeating: 0, count: sealed.count - tagBytes)
        let status = crypto_aead_chacha20poly1305_ietf_decrypt(
            &bytes, nil, nil, sealed, UInt64(sealed.count), label, UInt64(label.count), nonce, key)
        return status == 0 ? bytes : nil
    }
}
