internal import CSodium

/// Bytes under a password: Argon2id (RFC 9106) makes the key, XChaCha20-Poly1305 seals.
package enum PasswordBox {
    /// How hard the key is to guess.
    package struct Cost: Hashable, Sendable {
        /// Passes over the memory.
        package let passes: UInt64
        /// Bytes of memory.
        package let memory: Int

        /// Limits of what a file may ask for: passes 1…64, memory 8 KiB…4 GiB.
        package init?(passes: UInt64, memory: Int) {
            guard (1...64).contains(passes), (8192...4 << 30).contains(memory) else { return nil }
            self.passes = passes
            self.memory = memory
        }

        private init(ofPasses passes: UInt64, _ memory: Int) {
            self.passes = passes
            self.memory = memory
        }

        /// Half a second or so, and 256 MiB.
        package static let usual = Cost(ofPasses: 3, 256 << 20)
        /// Some milliseconds, for passwords of 128 random bits: nobody guesses those, however cheap a guess is.
        package static let ofRandomWords = Cost(ofPasses: 1, 8 << 20)
    }

    /// Bytes of a salt.
    package static let saltBytes = 16
    /// Bytes of a nonce.
    package static let nonceBytes = 24

    /// Seals bytes; salt and nonce must be new ones.
    ///
    /// - Parameter label: bytes in clear that belong to them.
    /// - Returns: nil when the system has not the memory that the cost asks for.
    package static func seal(
        _ bytes: SecretBytes, password: SecretBytes, salt: [UInt8], nonce: [UInt8], label: [UInt8], cost: Cost
    ) -> [UInt8]? {
        guard nonce.count == nonceBytes, let key = key(password, salt, cost) else { return nil }
        var sealed = [UInt8](repeating: 0, count: bytes.count + tagBytes)
        let status = bytes.withBytes { plain in
            key.withBytes { key -> Int32 in
                guard let key = octets(key) else { return -1 }
                return crypto_aead_xchacha20poly1305_ietf_encrypt(
                    &sealed, nil, octets(plain), UInt64(plain.count), label, UInt64(label.count), nil, nonce,
                    key)
            }
        }
        return status == 0 ? sealed : nil
    }

    /// Opens what `seal` made; nil when the password or the file is not the right one.
    package static func open(
        _ sealed: [UInt8], password: SecretBytes, salt: [UInt8], nonce: [UInt8], label: [UInt8], cost: Cost
    ) -> SecretBytes? {
        guard nonce.count == nonceBytes, sealed.count >= tagBytes, let key = key(password, salt, cost) else {
            return nil
        }
        var status: Int32 = -1
        let plain = SecretBytes(count: sealed.count - tagBytes) { plain in
            key.withBytes { key in
                guard let key = octets(key) else { return }
                status = crypto_aead_xchacha20poly1305_ietf_decrypt(
                    plain.baseAddress?.assumingMemoryBound(to: UInt8.self), nil, nil, sealed,
                    UInt64(sealed.count), label, UInt64(label.count), nonce, key)
            }
        }
        return status == 0 ? plain : nil
    }

    private static let tagBytes = 16
    private static let keyBytes = 32

    private static func key(_ password: SecretBytes, _ salt: [UInt8], _ cost: Cost) -> SecretBytes? {
        guard salt.count == saltBytes else { return nil }
        var status: Int32 = -1
        let key = SecretBytes(count: keyBytes) { key in
            password.withBytes { password in
                guard let start = key.baseAddress, let text = password.baseAddress else { return }
                status = crypto_pwhash(
                    start.assumingMemoryBound(to: UInt8.self), UInt64(keyBytes),
                    text.assumingMemoryBound(to: CChar.self), UInt64(password.count), salt, cost.passes,
                    cost.memory, crypto_pwhash_ALG_ARGON2ID13)
            }
        }
        return status == 0 ? key : nil
    }

    private static func octets(_ bytes: UnsafeRawBufferPointer) -> UnsafePointer<UInt8>? {
        bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    }
}
