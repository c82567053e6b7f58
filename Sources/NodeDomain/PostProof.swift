/// A proof of space: which nonce found enough good labels, and where they are.
///
/// The same three fields, in this order, as in the original's `Post`. That they hold together is for the verifier to say.
package struct PostProof: Hashable, Sendable {
    /// Most bytes that packed indices may take in canonical bytes.
    package static let largestIndices = 800

    /// Which of the byte positions of the cipher was examined.
    package var nonce: UInt32
    /// Label indices, packed: the low bits of each, least significant first.
    package var indices: [UInt8]
    /// The proof of work of the nonce's group.
    package var pow: UInt64

    /// A proof of its fields.
    package init(nonce: UInt32, indices: [UInt8], pow: UInt64) {
        self.nonce = nonce
        self.indices = indices
        self.pow = pow
    }
}
