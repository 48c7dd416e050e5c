import GatehouseTesting
import Testing

@testable import GatewayEngine

/// Where a watcher has to look, and by what it tells that something is new.
@Suite struct WatchedFilesTests {
    @Test func everyLinkOnTheWayIsWatchedWhereItStands() throws {
        let (volume, target) = (try TemporaryDirectory(), try TemporaryDirectory())
        _ = try target.write("x", to: "gateway.yaml")
        try TemporaryDirectory.link(volume.file("..data"), to: target.path)
        let file = volume.file("gateway.yaml")
        try TemporaryDirectory.link(file, to: "..data/gateway.yaml")
        let directories = WatchedFiles(paths: [file]).directories
        #expect(directories.contains(volume.path))
        #expect(directories.contains(target.path))
    }

    @Test func aCircleOfLinksEnds() throws {
        let directory = try TemporaryDirectory()
        try TemporaryDirectory.link(directory.file("a"), to: "b")
        try TemporaryDirectory.link(directory.file("b"), to: "a")
        let files = WatchedFiles(paths: [directory.path + "/a"])
        #expect(files.directories.contains(directory.path))
        #expect(files.identity == [[]])
    }

    @Test func identityChangesWithTheFile() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a")
        let files = WatchedFiles(paths: [path])
        let missing = files.identity
        _ = try directory.write("one", to: "a")
        let one = files.identity
        _ = try directory.write("other", to: "a")
        let other = files.identity
        #expect(Set([missing, one, other]).count == 3)
        #expect(files.identity == other)
        // Another file of the same size in its place.
        _ = try directory.write("OTHER", to: "b")
        try TemporaryDirectory.move(directory.path + "/b", to: path)
        #expect(files.identity != other)
    }
}
