"""`recsys download`: a MovieLens data set from GroupLens."""
