package import NodeCrypto

/// The two X25519 keys of one side of a handshake.
///
/// The ephemeral one must be new for each connection; the static one is bound to the identity by a signature, so it
/// may be new as well. Neither is ever stored.
package struct KeyPairs: Sendable {
    /// Signed by the identity.
    package let fixed: X25519Key
    /// For this connection alone.
    package let ephemeral: X25519Key

    /// These two.
    package init(fixed: X25519Key, ephemeral: X25519Key) {
        self.fixed = fixed
        self.ephemeral = ephemeral
    }
}
