import Testing

@testable import GatewayEngine

@Suite struct ForgottenKeysTests {
    /// Memory is given back once, when many keys have gone and no more go.
    @Test func onceBehindAWave() {
        var keys = ForgottenKeys()
        func given(_ waves: Int, of forgotten: Int) -> Int {
            (0..<waves).count { _ in keys.note(forgotten) }
        }
        #expect(given(100, of: 0) == 0)
        #expect(given(100, of: 16_384) == 0)
        #expect(given(3, of: 0) == 1)
        // A trickle counts as well, in the end; but nothing is given back while keys are going.
        #expect(given(65_535, of: 1) == 0)
        #expect(given(1, of: 0) == 0)
        #expect(given(1, of: 1) == 0)
        #expect(given(5, of: 0) == 1)
    }
}
