import FloorProxy

runEmbedded()
