import Foundation
import NodeConfiguration
import Testing

@Suite("The network's file")
struct P2PFileTests {
    @Test("the shipped one is read whole")
    func shipped() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = try P2PFile.read(root.appendingPathComponent("config/p2p.yaml").path)
        #expect(file.listen == nil && file.peers.isEmpty && file.announce.isEmpty)
        #expect(file.isPrivate == false && file.isLocal == false && file.maxPeers == 40)
        #expect(file.maxUpload == 125 && file.maxDownload == 625)
    }

    @Test("all faults come at once, with line and cure")
    func faults() {
        do {
            _ = try P2PFile.parse(
                """
                peers: [/ip4/192.0.2.1/tcp/7610]
                announce: [/ip4/1.0.0.1/tcp/1, /ip4/1.0.0.2/tcp/1, /ip4/1.0.0.3/tcp/1, /ip4/1.0.0.4/tcp/1, /ip4/1.0.0.5/tcp/1]
                max_uploads: 5
                max_download: -1
                """, file: "p2p.yaml")
            Issue.record("faults were passed over")
        } catch let error as ConfigurationError {
            #expect(Set(error.faults.map(\.line)) == [1, 2, 3, 4])
            #expect(error.description.contains("did you mean `max_upload`?"))
            #expect(error.description.contains("others are told four at most"))
        } catch {
            Issue.record("\(error)")
        }
    }
}
