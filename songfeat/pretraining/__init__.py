"""How the pretrained model is made: ``songfeat pretrain`` on any folder of labelled and unlabelled clips."""
